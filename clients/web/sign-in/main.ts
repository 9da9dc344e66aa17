import "../shared/base.css";

import { mount } from "svelte";

import SignIn from "./SignIn.svelte";

mount(SignIn, { target: document.body });
