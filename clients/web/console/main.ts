import { start } from "../shared/start.ts";
import Console from "./Console.svelte";

void start(Console, ["operator", "dispatcher", "admin"]);
