"""Files that the desk serves as they are; third-party ones are listed in NOTICE.md."""
