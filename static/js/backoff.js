/** How long a page stays away, so that thousands who were cut off together do not come back together. */
import { LIMITS } from "./app.js";

/** Milliseconds until try number `attempt` (from 0) after a loss: between half and all of a window that doubles. */
export function retryDelay(attempt, random = Math.random()) {
  const seconds = LIMITS.retrySeconds;
  return seconds[Math.min(attempt, seconds.length - 1)] * 500 * (1 + random);
}

/** Milliseconds until a server is back that asked for `retryAfter` seconds: as long again is for spreading out. */
export function returnDelay(retryAfter, random = Math.random()) {
  return (retryAfter || 1) * 1000 * (1 + random);
}
