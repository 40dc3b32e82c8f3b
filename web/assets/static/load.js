// What the viewer answers.

/** What an address says, undefined where the viewer is away, which the page says, or does not give it. */
export async function load(address) {
  try {
    const answer = await fetch(address);
    return answer.ok ? await answer.json() : undefined;
  } catch {
    return undefined;
  }
}
