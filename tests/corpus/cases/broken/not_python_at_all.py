#: modelled on: a traceback pasted in place of the code
#: shows: nothing of this is Python, and that is said in a sentence
Traceback (most recent call last):  # expect: AE001
  File "ae.py", line 40, in <module>
ValueError: Dimensions must be equal, but are 28 and 32 !!
