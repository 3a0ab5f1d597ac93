// Starts the parts of the page.

import { state } from "./app.js";

export { state };
