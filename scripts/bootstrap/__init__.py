"""Make a bare machine ready, in a private cache folder.

Runs on the machine's own Python (3.9 or newer) with the standard library only,
since it comes before everything else. ``python3 -m scripts.bootstrap tests``
prints the interpreter of the environment ``tests``, which is built if need be.

==================  ==========================================================
``cache``           where things are kept, and how they are built once
``interpreter``     Python 3.14.2 or newer: the machine's, uv's or Debian's
``debian``          Python 3.14 from Debian's testing suite, unpacked aside
``environment``     a virtual environment per file of ``requirements/``
``browser``         Chromium, ffmpeg and fonts, which only the tests need
``pins``            how the files of ``requirements/`` are compiled
``tools``           uv and patchelf, which all of the above work with
``console``         progress, running commands, errors with a remedy
==================  ==========================================================
"""
