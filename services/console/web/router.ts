import { createRouter, createWebHistory } from "vue-router";
import { PAGES } from "./pages/index.ts";

/** One address a page; what is none leads to the overview. */
export const router = createRouter({
  history: createWebHistory("/console/"),
  routes: [
    ...PAGES.map(({ name, load }) => ({ path: `/${name}`, name, component: load })),
    { path: "/:rest(.*)*", redirect: "/overview" },
  ],
});
