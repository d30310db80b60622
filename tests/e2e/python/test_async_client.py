"""The asynchronous client of the Python SDK."""

import os
import unittest
import uuid

from langgraph_sdk import get_client
from langgraph_sdk.errors import (
    BadRequestError,
    ConflictError,
    NotFoundError,
    UnprocessableEntityError,
)

URL = os.environ["GRAPHFLEET_URL"]


async def collect(stream):
    return [part async for part in stream]


def say(text):
    return {"messages": [{"role": "user", "content": text}]}


class AsyncClientCase(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.client = get_client(url=URL)

    async def asyncTearDown(self):
        await self.client.aclose()

    async def new_thread(self):
        return (await self.client.threads.create())["thread_id"]


class Assistants(AsyncClientCase):
    async def test_life_of_an_assistant(self):
        assistants = self.client.assistants
        made = await assistants.create("echo", name="Py", metadata={"by": "python"}, description="d")
        assistant_id = made["assistant_id"]
        self.assertEqual((made["version"], made["name"]), (1, "Py"))

        changed = await assistants.update(assistant_id, name="Py 2", metadata={"more": 1})
        self.assertEqual((changed["version"], changed["metadata"]), (2, {"by": "python", "more": 1}))
        versions = await assistants.get_versions(assistant_id)
        self.assertEqual([version["version"] for version in versions], [2, 1])
        self.assertEqual((await assistants.set_latest(assistant_id, 1))["name"], "Py")

        found = await assistants.search(metadata={"by": "python"}, graph_id="echo", sort_by="name", sort_order="asc")
        self.assertIn(assistant_id, [one["assistant_id"] for one in found])
        self.assertGreaterEqual(await assistants.count(graph_id="echo"), 2)
        page = await assistants.search(limit=1, response_format="object")
        self.assertEqual((len(page["assistants"]), page["next"]), (1, "1"))

        await assistants.delete(assistant_id)
        with self.assertRaises(NotFoundError):
            await assistants.get(assistant_id)

    async def test_graph_schemas_and_subgraphs(self):
        assistants = self.client.assistants
        graph = await assistants.get_graph("subgraph", xray=True)
        self.assertIn("__start__", [node["id"] for node in graph["nodes"]])
        schemas = await assistants.get_schemas("tokens")
        self.assertEqual(schemas["graph_id"], "tokens")
        self.assertIn("messages", schemas["state_schema"]["properties"])
        self.assertIn("child_graph", await assistants.get_subgraphs("subgraph", recurse=True))


class Threads(AsyncClientCase):
    async def test_life_of_a_thread(self):
        threads = self.client.threads
        thread_id = str(uuid.uuid4())
        tag = str(uuid.uuid4())
        made = await threads.create(thread_id=thread_id, metadata={"tag": tag}, graph_id="echo")
        self.assertEqual((made["status"], made["thread_id"]), ("idle", thread_id))
        again = await threads.create(thread_id=thread_id, if_exists="do_nothing")
        self.assertEqual(again["metadata"]["tag"], tag)

        await threads.update(thread_id, metadata={"more": 1})
        await self.client.runs.wait(thread_id, "echo", input=say("hi"))
        (found,) = await threads.search(
            metadata={"tag": tag}, status="idle", sort_by="updated_at", sort_order="asc", select=["thread_id", "values"]
        )
        self.assertEqual(sorted(found), ["thread_id", "values"])
        self.assertEqual(await threads.count(metadata={"tag": tag}), 1)

        copy = await threads.copy(thread_id)
        mine, theirs = await threads.get_state(thread_id), await threads.get_state(copy["thread_id"])
        self.assertEqual(mine["values"], theirs["values"])
        self.assertEqual(mine["checkpoint"]["checkpoint_id"], theirs["checkpoint"]["checkpoint_id"])

        await threads.delete(thread_id)
        with self.assertRaises(NotFoundError) as caught:
            await threads.get(thread_id)
        self.assertIn(thread_id, str(caught.exception))
        self.assertEqual(caught.exception.status_code, 404)

    async def test_state_and_history(self):
        threads = self.client.threads
        thread_id = await self.new_thread()
        await self.client.runs.wait(thread_id, "counter", input={"log": ["input"], "steps": 3})

        history = await threads.get_history(thread_id, limit=100)
        self.assertEqual(history[0]["next"], [])
        before = await threads.get_history(thread_id, limit=100, before=history[1]["checkpoint"])
        self.assertEqual([one["checkpoint"] for one in before], [one["checkpoint"] for one in history[2:]])
        at = await threads.get_state(thread_id, checkpoint=history[2]["checkpoint"])
        self.assertEqual(at["values"], history[2]["values"])
        by_id = await threads.get_state(thread_id, checkpoint_id=history[2]["checkpoint"]["checkpoint_id"])
        self.assertEqual(by_id["values"], history[2]["values"])

        updated = await threads.update_state(thread_id, {"log": ["by hand"]}, as_node="step")
        self.assertEqual(updated["checkpoint"]["thread_id"], thread_id)
        self.assertEqual((await threads.get_state(thread_id))["values"]["log"][-1], "by hand")

    async def test_thread_stream(self):
        thread_id = await self.new_thread()
        run = await self.client.runs.create(thread_id, "echo", input=say("hi"), stream_mode="values")
        seen = []
        async for part in await self.client.threads.join_stream(thread_id, last_event_id="-"):
            seen.append(part)
            if part.event == "values" and len(part.data["messages"]) == 2:
                break
        self.assertEqual((seen[0].event, seen[0].data["run_id"]), ("metadata", run["run_id"]))
        self.assertEqual(len({part.id for part in seen}), len(seen))


class Runs(AsyncClientCase):
    async def test_wait_stream_and_join_stream(self):
        runs = self.client.runs
        thread_id = await self.new_thread()
        values = await runs.wait(thread_id, "echo", input=say("hello"))
        self.assertEqual(values["messages"][-1]["content"], "hello")

        created = []
        parts = await collect(
            runs.stream(
                thread_id,
                "tokens",
                input={"count": 5},
                stream_mode=["values", "messages-tuple"],
                stream_resumable=True,
                on_run_created=created.append,
            )
        )
        self.assertEqual(parts[0].event, "metadata")
        self.assertEqual([part.id for part in parts], [str(index) for index in range(len(parts))])
        self.assertEqual(parts[-1].event, "values")
        (meta,) = created
        self.assertEqual((meta["thread_id"], meta["run_id"]), (thread_id, parts[0].data["run_id"]))

        again = await collect(runs.join_stream(thread_id, meta["run_id"], last_event_id="-1"))
        self.assertEqual(again, parts)
        some = await collect(
            runs.join_stream(thread_id, meta["run_id"], last_event_id="-1", stream_mode=["messages-tuple"])
        )
        self.assertEqual({part.event for part in some}, {"metadata", "messages"})

    async def test_background_run(self):
        runs = self.client.runs
        thread_id = await self.new_thread()
        run = await runs.create(thread_id, "echo", input=say("later"), metadata={"k": 1})
        self.assertEqual((run["status"], run["metadata"]["k"]), ("pending", 1))
        await runs.join(thread_id, run["run_id"])
        self.assertEqual((await runs.get(thread_id, run["run_id"]))["status"], "success")
        (listed,) = await runs.list(thread_id, status="success", select=["run_id", "status"])
        self.assertEqual(listed, {"run_id": run["run_id"], "status": "success"})
        await runs.delete(thread_id, run["run_id"])
        with self.assertRaises(NotFoundError):
            await runs.get(thread_id, run["run_id"])

    async def test_stateless_and_batch(self):
        runs = self.client.runs
        values = await runs.wait(None, "echo", input=say("alone"))
        self.assertEqual(values["messages"][-1]["content"], "alone")
        parts = await collect(runs.stream(None, "echo", input=say("alone"), stream_mode="updates"))
        self.assertEqual([part.event for part in parts], ["metadata", "updates"])
        batch = await runs.create_batch([{"assistant_id": "echo", "input": say(text)} for text in "ab"])
        self.assertEqual(len(batch), 2)

    async def test_cancel(self):
        runs = self.client.runs
        thread_id = await self.new_thread()
        run = await runs.create(thread_id, "slow", input={"ms": 60_000}, stream_mode="custom")
        async for part in runs.join_stream(thread_id, run["run_id"]):
            if part.event == "custom":
                await runs.cancel(thread_id, run["run_id"], wait=True)
        self.assertEqual((await runs.get(thread_id, run["run_id"]))["status"], "interrupted")
        self.assertEqual((await self.client.threads.get(thread_id))["status"], "idle")

        late = await runs.create(thread_id, "echo", input=say("x"), after_seconds=3600)
        await runs.cancel_many(thread_id=thread_id, run_ids=[late["run_id"]])
        self.assertEqual((await runs.get(thread_id, late["run_id"]))["status"], "interrupted")

    async def test_interrupt_and_resume(self):
        thread_id = await self.new_thread()
        asked = await self.client.runs.wait(thread_id, "interrupting", input={"questions": ["one", "two"]})
        answers = {one["id"]: f"to {one['value']['question']}" for one in asked["__interrupt__"]}
        self.assertEqual(len(answers), 2)
        self.assertEqual((await self.client.threads.get(thread_id))["status"], "interrupted")
        values = await self.client.runs.wait(thread_id, "interrupting", command={"resume": answers})
        self.assertEqual([one["answer"] for one in values["answers"]], ["to one", "to two"])

    async def test_a_failing_graph(self):
        thread_id = await self.new_thread()
        with self.assertRaisesRegex(Exception, "Boo!"):
            await self.client.runs.wait(thread_id, "failing", input={})
        parts = await collect(self.client.runs.stream(thread_id, "failing", input={}))
        self.assertEqual((parts[-1].event, parts[-1].data), ("error", {"error": "CustomError", "message": "Boo!"}))


class Errors(AsyncClientCase):
    async def test_not_found(self):
        missing = str(uuid.uuid4())
        with self.assertRaises(NotFoundError) as caught:
            await self.client.runs.create(None, "no-such-graph", input={})
        self.assertIn('No assistant found for "no-such-graph"', str(caught.exception))
        self.assertTrue(caught.exception.request_id)
        with self.assertRaisesRegex(NotFoundError, missing):
            await collect(self.client.runs.stream(missing, "echo", input=say("x")))
        with self.assertRaisesRegex(NotFoundError, "Run not found"):
            await self.client.runs.get(await self.new_thread(), missing)

    async def test_conflict(self):
        thread_id = await self.new_thread()
        with self.assertRaisesRegex(ConflictError, "already exists"):
            await self.client.threads.create(thread_id=thread_id)
        await self.client.runs.create(thread_id, "echo", input=say("x"), after_seconds=3600)
        with self.assertRaisesRegex(ConflictError, "already running"):
            await self.client.runs.create(thread_id, "echo", input=say("x"), multitask_strategy="reject")
        with self.assertRaisesRegex(ConflictError, "busy"):
            await self.client.threads.update_state(thread_id, {"messages": []})

    async def test_unprocessable(self):
        with self.assertRaisesRegex(UnprocessableEntityError, "limit"):
            await self.client.threads.search(limit=0)
        with self.assertRaises(UnprocessableEntityError):
            await self.client.threads.get("not-a-uuid")

    async def test_bad_request(self):
        with self.assertRaises(BadRequestError):
            await self.client.threads.update_state(await self.new_thread(), {"messages": []})


class Store(AsyncClientCase):
    async def test_items(self):
        store, root = self.client.store, str(uuid.uuid4())
        await store.put_item([root, "a"], key="k1", value={"n": 1})
        await store.put_item([root, "b"], key="k2", value={"n": 2}, ttl=60)
        item = await store.get_item([root, "a"], key="k1")
        self.assertEqual((item["namespace"], item["key"], item["value"]), ([root, "a"], "k1", {"n": 1}))
        found = await store.search_items([root], filter={"n": {"$gt": 1}}, limit=5)
        self.assertEqual([one["key"] for one in found["items"]], ["k2"])
        spaces = await store.list_namespaces(prefix=[root], max_depth=2)
        self.assertEqual(spaces["namespaces"], [[root, "a"], [root, "b"]])
        await store.delete_item([root, "a"], key="k1")
        self.assertIsNone(await store.get_item([root, "a"], key="k1"))


class Reconnect(unittest.IsolatedAsyncioTestCase):
    """The wire is cut; the client goes on by Location and Last-Event-ID."""

    async def test_nothing_is_missing_or_doubled(self):
        import httpx

        async with get_client(url=os.environ["PROXY_URL"]) as client, httpx.AsyncClient() as control:
            thread_id = (await client.threads.create())["thread_id"]
            ids, said, cuts = [], [], 0
            async for part in client.runs.stream(
                thread_id, "tokens", input={"count": 60, "ms": 30}, stream_mode="messages-tuple", on_disconnect="continue"
            ):
                ids.append(part.id)
                if part.event == "messages":
                    said.append(part.data[0]["content"])
                if len(ids) in (10, 30) and cuts < 2:
                    cuts += 1
                    await control.post(os.environ["CUT_URL"])
            self.assertEqual(cuts, 2)
            self.assertEqual(ids, [str(index) for index in range(len(ids))])
            self.assertEqual("".join(said), "".join(f"t{index} " for index in range(60)))
            self.assertEqual(len(await client.runs.list(thread_id)), 1)


if __name__ == "__main__":
    unittest.main()
