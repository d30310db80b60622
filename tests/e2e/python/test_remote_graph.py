"""RemoteGraph of the Python library: a graph of this fleet as a local graph."""

import os
import unittest
import uuid

from langgraph.pregel.remote import RemoteException, RemoteGraph
from langgraph.types import Command

URL = os.environ["GRAPHFLEET_URL"]


def fresh_config():
    return {"configurable": {"thread_id": str(uuid.uuid4())}}


class Remote(unittest.TestCase):
    def test_invoke_stream_and_state(self):
        graph, config = RemoteGraph("echo", url=URL), fresh_config()
        values = graph.invoke({"messages": [{"role": "user", "content": "hi"}]}, config)
        self.assertEqual(values["messages"][-1]["content"], "hi")

        updates = list(graph.stream({"messages": [{"role": "user", "content": "yo"}]}, config, stream_mode="updates"))
        self.assertEqual([list(update) for update in updates], [["echo"]])
        state = graph.get_state(config)
        self.assertEqual((len(state.values["messages"]), state.next), (4, ()))
        history = list(graph.get_state_history(config, limit=100))
        self.assertEqual(history[0].config, state.config)

        config = graph.update_state(config, {"messages": [{"role": "user", "content": "edit"}]}, as_node="echo")
        self.assertEqual(graph.get_state(config).values["messages"][-1]["content"], "edit")

    def test_drawing(self):
        graph = RemoteGraph("subgraph", url=URL).get_graph()
        self.assertIn("child_graph", graph.nodes)

    def test_interrupt_and_resume(self):
        graph, config = RemoteGraph("interrupting", url=URL), fresh_config()
        graph.invoke({"questions": ["Tea?"]}, config)
        (task,) = graph.get_state(config).tasks
        self.assertEqual(task.interrupts[0].value, {"question": "Tea?"})
        values = graph.invoke(Command(resume="yes"), config)
        self.assertEqual(values["answers"], [{"question": "Tea?", "answer": "yes"}])

    def test_errors(self):
        with self.assertRaisesRegex(RemoteException, "Boo!"):
            RemoteGraph("failing", url=URL).invoke({}, fresh_config())


class RemoteAsync(unittest.IsolatedAsyncioTestCase):
    async def test_tokens(self):
        graph = RemoteGraph("tokens", url=URL)
        said = ""
        async for message, _ in graph.astream({"count": 5}, fresh_config(), stream_mode="messages"):
            said += message["content"]
        self.assertEqual(said, "t0 t1 t2 t3 t4 ")


if __name__ == "__main__":
    unittest.main()
