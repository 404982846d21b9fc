/** Questions over HTTP. None waits for ever: who asked would say nothing for as long, and be asked in vain. */
import { LIMITS } from "./app.js";

/** As fetch, but rejects after `within` ms, also where only the end of an answer does not come. */
export function ask(address, how = {}, within = LIMITS.answer) {
  const signals = [AbortSignal.timeout(within), how.signal].filter(Boolean);
  return fetch(address, { ...how, signal: signals.length > 1 ? AbortSignal.any(signals) : signals[0] });
}

/** What the server says there as JSON; rejects, with the `status`, where it refuses. */
export async function askFor(address, how = {}, within = LIMITS.answer) {
  const answer = await ask(address, how, within);
  if (!answer.ok) throw Object.assign(new Error(answer.statusText), { status: answer.status });
  return answer.json();
}
