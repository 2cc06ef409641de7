"""What a poll of many cameras costs a real Home Assistant.

Every run is a fresh Home Assistant with its recorder, in a process of its own, that polls a
simulated cloud in another.

============  ==================================================================
``__main__``  the command: starts the processes, makes the table
``house``     one Home Assistant with one account: the process that is measured
``figures``   what one phase cost, and medians over runs
============  ==================================================================
"""
