"""Cloud clients: how each maker's cloud is read.

Free of Home Assistant. What is common to all makers lives here (`errors`, `sign_in`,
`provider`, `recordings`, `hls`, `guarded`, `values`); what is one maker's own lives in a package of its name.
"""
