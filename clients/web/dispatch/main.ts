import { start } from "../shared/start.ts";
import Dispatch from "./Dispatch.svelte";

void start(Dispatch, ["dispatcher", "operator", "admin"]);
