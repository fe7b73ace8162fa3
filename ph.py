import time,sys
T=time.process_time; t0=T()
print("start",round(t0,3))
import click; t=T(); print("click",round(t-t0,3)); t0=t
import troth.cli; t=T(); print("cli",round(t-t0,3)); t0=t
import troth.cli.check; t=T(); print("cli.check",round(t-t0,3)); t0=t
import troth.app.check; t=T(); print("app.check",round(t-t0,3)); t0=t
import troth.app.advisories; t=T(); print("app.adv",round(t-t0,3)); t0=t
