import sys,time,random
from scene import *
import story
s=Scene(sys.argv[1], ROOT/".build/debug/sluice", random.randrange(10**10))
t=time.time()
try:
    s.set_up(); print("set up", time.time()-t)
    story.play(s)
    print("OK")
except Different as e:
    print("DIFF", e)
finally:
    for r in s.refusals(): print(r)
    print(s.took, time.time()-t)
    print(s.worker_log()[-3000:] if (s.folder/"worker.log").exists() else "")
    s.close()
