"""What every recording really holds, found by reading its raw files. Expectations for ``test_truth.py``.

Two kinds of text stand in a folder for each release:

``<scenario>.txt`` says how it ends. After the name and the moment that times count from (`zero`), one block for each
root run: its word and why, its title (a sub-agent: its label and the task); the session key; where its post belongs;
when it started and ended, how many calls, how many of them failed, the tokens and the cost of its lines; each call with
its start, its end and its outcome; below that its sub-agents, each as a block of its own, in the order of the spawns.

``<scenario>.timeline.txt`` says what the word of each run is at every moment, from the first look on. A time is when
the recorder saw the evidence; ``a..b`` where two pieces of evidence came one after the other and the first may do.

How they were found: each recording was written out as one story in the order of time (prompts with their kind, how
answers stopped, calls and results with exit codes, spawns, announcements, usage, status, locks, registry, deliveries,
message ids, what people wrote in Mattermost) without a line of this project's code, and read from beginning to end.
Which runs there are, which lines are theirs, how and why they ended and where they belong was decided by the rules of
docs/architecture.md; a script added up the lines that the comments name and copied their times. Only after that they
were compared with what the service says; where the two differed, the raw files decided.

So they are worth something only while nobody copies the service's answer into them. There is no option that does, and
there should be none. To check one, take a comment and look: transcripts and `timeline.csv` are text, and

    sqlite3 openclaw-agent.sqlite "SELECT seq, event_json FROM transcript_events WHERE session_id = '...'"

shows the rest (bodies above 1 KiB are in ``event_zstd``). Lines are numbered from 0, as `seq` is.
"""
