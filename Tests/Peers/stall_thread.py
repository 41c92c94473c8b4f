"""Stops one thread of a process until standard input ends: a writer whose disk doesn't answer.

    stall_thread.py PID NAME     prints "stalled" when the thread of that name stands still, or "refused: ..." where the kernel doesn't let us

All other threads of the process go on. If this program dies, the kernel lets the thread go.
"""
import ctypes, os, sys

SEIZE, INTERRUPT, DETACH, WALL = 0x4206, 0x4207, 17, 0x40000000
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def thread(pid, name):
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/comm") as file:
            if file.read().strip() == name:
                return int(task)
    sys.exit(f"refused: no thread of {pid} is called {name}")


def ask(request, task):
    if libc.ptrace(request, task, None, None) != 0:
        print(f"refused: {os.strerror(ctypes.get_errno())}", flush=True)
        sys.exit(1)


task = thread(int(sys.argv[1]), sys.argv[2])
ask(SEIZE, task)
ask(INTERRUPT, task)
os.waitpid(task, WALL)
print("stalled", flush=True)
while sys.stdin.read(1):
    pass
libc.ptrace(DETACH, task, None, None)
print("let go", flush=True)
