"""What runs inside the walls: the clean parent of jobs (`zygote`), the filter, the calls to the kernel and the self-test.

Rules: standard library and relative imports only, nothing else of Troth: these files are all of us that exists inside.
"""
