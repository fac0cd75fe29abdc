"""Decision models of the OMG's standard DMN: read into workbooks, and written from rulebooks (design note 0010)."""
