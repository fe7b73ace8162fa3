import resource,time,sys,subprocess
P=subprocess.Popen.__init__
calls=[]
def init(s,a,*k,**kw):
    calls.append((round(time.process_time(),3),a if isinstance(a,str) else ' '.join(map(str,a))[:150])); return P(s,a,*k,**kw)
subprocess.Popen.__init__=init
import troth.app.check as c
print("import",time.process_time())
from pathlib import Path
t=time.time();p0=time.process_time()
r=c.run_check(Path(sys.argv[1]))
print("run wall",time.time()-t,"cpu",time.process_time()-p0)
u=resource.getrusage(resource.RUSAGE_CHILDREN);print("children",u.ru_utime+u.ru_stime)
for x in calls: print(x)
import threading; print(threading.active_count())
