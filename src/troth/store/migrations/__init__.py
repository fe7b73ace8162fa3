"""Migration scripts, one folder and one branch of revisions per owner of tables. Scripts are plain DDL and import nothing of ours but `ddl`."""
