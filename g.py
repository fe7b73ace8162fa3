import sys,gc,time
if sys.argv[2]=="off": gc.disable()
if sys.argv[2]=="hi": gc.set_threshold(100_000,50,100)
import troth.app.check as c
from pathlib import Path
import resource
r=c.run_check(Path(sys.argv[1]))
u=resource.getrusage(resource.RUSAGE_SELF)
print(sys.argv[2],round(u.ru_utime+u.ru_stime,3),u.ru_maxrss//1024, end=" | ")
