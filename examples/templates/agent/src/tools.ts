import { tool } from "@langchain/core/tools";
import { z } from "zod";

const WEATHER = ["sunny, 24 °C", "light rain, 13 °C", "windy, 17 °C"];

export const getWeather = tool(({ city }) => `${city}: ${WEATHER[city.length % WEATHER.length]}`, {
  name: "get_weather",
  description: "Tells the weather of a city.",
  schema: z.object({ city: z.string().describe("Name of the city") }),
});

export const tools = [getWeather];
