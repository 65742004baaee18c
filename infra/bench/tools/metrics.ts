/** The sum of a metric's samples in a page for Prometheus, of those alone whose labels `of` takes. */
export function metricSum(
  page: string,
  name: string,
  of: (labels: Readonly<Record<string, string>>) => boolean = () => true,
): number {
  let sum = 0;
  for (const line of page.split("\n")) {
    if (!line.startsWith(name)) continue;
    const rest = line.slice(name.length);
    if (rest[0] !== "{" && rest[0] !== " ") continue;
    const pairs = rest.slice(0, rest.lastIndexOf(" ")).matchAll(/(\w+)="([^"]*)"/g);
    const labels = Object.fromEntries([...pairs].map(([, label, value]) => [label, value as string]));
    if (of(labels)) sum += Number(rest.slice(rest.lastIndexOf(" ") + 1));
  }
  return sum;
}
