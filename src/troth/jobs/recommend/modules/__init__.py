"""The modules that come with Troth: one file each, its name with hyphens is the module's name, and `MODULE` is the module.

Rules: pure functions from facts to advice; text is edited by spans and never written out anew; a module that finds nothing left to mend says nothing, so that
following its advice twice changes nothing; what it cannot know it says as a gap, it never invents.
"""
