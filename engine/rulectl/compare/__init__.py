"""What changed from one rulebook to another, and what else that touches.

Rules are compared as rows first (parts.py): what was added, removed, changed. What matters is what they decide: where a
table's rules differ, both versions are put into one space of classes (joint.py), the regions in which they answer
otherwise are walked (regions.py), and each is shown by a case that the engine decides twice (witness.py). Where a
changed thing is used, and what hangs on that, is read from the rulebook (uses.py). Everything becomes findings
(telling.py), so that text, JSON and annotated copies say the same. (After Fisler, Krishnamurthi, Meyerovich and
Tschantz, "Verification and change-impact analysis of access-control policies", ICSE 2005: the difference of two
policies is itself a set of cases.)
"""
