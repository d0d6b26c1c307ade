// ◆ What a cash desk knows of paper, carried from event to event: the same rules as server/events/printing.py.

/**
 * @typedef {import("./frames.d.ts").PrintDesk} PrintDesk
 * @typedef {import("./frames.d.ts").Event} Event
 */

const PAPERS_LISTED_MAX = 100;

/**
 * @param {PrintDesk} desk
 * @param {Extract<Event, {kind: "PrinterChanged" | "PaperStuck" | "PaperSettled"}>} event
 * @returns {PrintDesk}
 */
export function printed(desk, event) {
  if (event.kind === "PrinterChanged") {
    const { printer } = event;
    const others = desk.printers.filter((one) => one.id !== printer.id);
    const well = printer.condition === "ready" || printer.condition === "unknown";
    return { ...desk, printers: well ? others : [...others, printer].sort((a, b) => a.id - b.id) };
  }
  if (event.kind === "PaperSettled") {
    const left = desk.papers.filter((one) => one.id !== event.paper_id);
    const older = left.length === desk.papers.length ? 1 : 0;
    return { ...desk, papers: left, more: Math.max(0, desk.more - older) };
  }
  const papers = [...desk.papers.filter((one) => one.id !== event.paper.id), event.paper].sort((a, b) => a.id - b.id);
  const listed = papers.slice(-PAPERS_LISTED_MAX);
  return { ...desk, papers: listed, more: desk.more + papers.length - listed.length };
}
