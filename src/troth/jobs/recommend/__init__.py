"""Modules that recommend: findings in, patches with evidence out. They never act.

Rules: a module is handed data (findings and the texts of files) and hands data back; it runs in a process of its own, without environment, network, token or
database; what it says is believed only after `checking` has held it against the files. Nothing in this package may import permits, stores, ledgers,
executors or handlers: an import contract and a test at run time hold that.
"""
