import {
  ACCESS_TYPES,
  type AccessType,
  FLOW_DIRECTIONS,
  type FlowDirection,
  OBSERVATION_POINTS,
  type ObservationPoint,
  SUBSCRIBER_METHODS,
  type SubscriberMethod,
  TECHNOLOGIES,
  type Technology,
} from "@v6meter/schemas";

/** Words of the closed vocabularies in the order of their label numbers; number 0 is `unknown`. */
export const TECHNOLOGY_NAMES = Object.keys(TECHNOLOGIES) as Technology[];
export const ACCESS_NAMES = Object.keys(ACCESS_TYPES) as AccessType[];
export const DIRECTION_NAMES = Object.keys(FLOW_DIRECTIONS) as FlowDirection[];
export const POINT_NAMES = Object.keys(OBSERVATION_POINTS) as ObservationPoint[];
export const METHOD_NAMES = Object.keys(SUBSCRIBER_METHODS) as SubscriberMethod[];

/** The label number of a word. */
export const technologyIndex = (name: Technology): number => TECHNOLOGY_NAMES.indexOf(name);
export const accessIndex = (name: AccessType | undefined): number => (name ? ACCESS_NAMES.indexOf(name) : 0);
export const directionIndex = (name: FlowDirection): number => DIRECTION_NAMES.indexOf(name);
export const pointIndex = (name: ObservationPoint | undefined): number => (name ? POINT_NAMES.indexOf(name) : 0);
export const methodIndex = (name: SubscriberMethod): number => METHOD_NAMES.indexOf(name);

/** By label number: 1 where private IPv4 seen at the point is valid user traffic. */
export const POINT_IS_ACCESS = Uint8Array.from(POINT_NAMES, (name) => Number(OBSERVATION_POINTS[name].access));
/** By label number: 1 where the technology's rows are in no share. */
export const IS_EXCLUDED = Uint8Array.from(TECHNOLOGY_NAMES, (name) =>
  Number(TECHNOLOGIES[name].counts_as === "excluded"),
);
/** By label number: the family the technology's rows count as; 0 where they are in no share or go by their own. */
export const COUNTED_FAMILY = Uint8Array.from(TECHNOLOGY_NAMES, (name) => {
  const as = TECHNOLOGIES[name].counts_as;
  return as === "v4" ? 4 : as === "v6_transition" ? 6 : 0;
});
/** By label number: 1 where the family is the record's own. */
export const GOES_BY_FAMILY = Uint8Array.from(TECHNOLOGY_NAMES, (name) =>
  Number(TECHNOLOGIES[name].counts_as === "auto"),
);
