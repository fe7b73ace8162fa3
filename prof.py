import cProfile,pstats,time,sys
from pathlib import Path
t0=time.process_time()
import troth.app.check as c
print("import",time.process_time()-t0)
pr=cProfile.Profile(time.process_time)
t0=time.process_time()
if len(sys.argv)>2: pr.enable()
r=c.run_check(Path(sys.argv[1]))
pr.disable()
print("run",time.process_time()-t0)
for e in sorted(r.engines,key=lambda e:-e.seconds)[:20]: print(round(e.seconds,3),e)
if len(sys.argv)>2:
    pstats.Stats(pr).sort_stats("cumtime").print_stats(70)
