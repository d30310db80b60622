"""The synchronous client of the Python SDK."""

import os
import unittest
import uuid

from langgraph_sdk import get_sync_client
from langgraph_sdk.errors import ConflictError, NotFoundError, UnprocessableEntityError


class SyncClient(unittest.TestCase):
    def setUp(self):
        self.client = get_sync_client(url=os.environ["GRAPHFLEET_URL"])
        self.addCleanup(self.client.close)

    def test_assistants(self):
        made = self.client.assistants.create("echo", name="Sync")
        self.assertEqual(self.client.assistants.get(made["assistant_id"])["name"], "Sync")
        self.client.assistants.delete(made["assistant_id"])

    def test_threads_and_runs(self):
        thread_id = self.client.threads.create(metadata={"by": "sync"})["thread_id"]
        values = self.client.runs.wait(thread_id, "echo", input={"messages": [{"role": "user", "content": "hi"}]})
        self.assertEqual([message["content"] for message in values["messages"]], ["hi", "hi"])

        run = self.client.runs.create(
            thread_id, "tokens", input={"count": 5}, stream_mode="messages-tuple", stream_resumable=True
        )
        parts = list(self.client.runs.join_stream(thread_id, run["run_id"], last_event_id="-1"))
        self.assertEqual(parts[0].event, "metadata")
        self.assertEqual("".join(part.data[0]["content"] for part in parts[1:]), "t0 t1 t2 t3 t4 ")
        self.assertEqual(self.client.threads.get_state(thread_id)["next"], [])
        self.assertGreater(len(self.client.threads.get_history(thread_id)), 3)

    def test_cancel(self):
        thread_id = self.client.threads.create()["thread_id"]
        for part in self.client.runs.stream(thread_id, "slow", input={"ms": 60_000}, stream_mode="custom"):
            if part.event == "custom":
                (run,) = self.client.runs.list(thread_id)
                self.client.runs.cancel(thread_id, run["run_id"], wait=True, action="rollback")
        self.assertEqual(self.client.runs.list(thread_id), [])

    def test_errors(self):
        thread_id = self.client.threads.create()["thread_id"]
        with self.assertRaises(ConflictError):
            self.client.threads.create(thread_id=thread_id)
        with self.assertRaises(NotFoundError):
            self.client.threads.get(str(uuid.uuid4()))
        with self.assertRaises(UnprocessableEntityError):
            self.client.assistants.search(limit=100_000)


if __name__ == "__main__":
    unittest.main()
