import re,time,sys,collections
real=re.compile
rec=[]
class P:
    def __init__(s,p,mod): object.__setattr__(s,'p',p); s.used=0; s.mod=mod
    def __getattr__(s,n):
        object.__setattr__(s,'used',s.used+1); return getattr(s.p,n)
    def __hash__(s): return hash(s.p)
    def __eq__(s,o): return s.p==getattr(o,'p',o)
def comp(p,flags=0):
    mod=sys._getframe(1).f_globals.get('__name__','?')
    t=time.perf_counter(); r=real(p,flags); dt=time.perf_counter()-t
    if not mod.startswith('troth'): return r
    w=P(r,mod); rec.append((w,dt)); return w
re.compile=comp
import troth.app.check as c
from pathlib import Path
r=c.run_check(Path(sys.argv[1]))
tot=collections.defaultdict(lambda:[0,0,0,0])
for w,dt in rec:
    a=tot[w.mod]; a[0]+=1;a[1]+=dt
    if not w.used: a[2]+=1;a[3]+=dt
print(len(rec),sum(d for _,d in rec),"unused",sum(1 for w,_ in rec if not w.used),sum(d for w,d in rec if not w.used))
for m,a in sorted(tot.items(),key=lambda i:-i[1][1])[:45]: print(m,a[0],round(a[1]*1000,1),a[2],round(a[3]*1000,1))
