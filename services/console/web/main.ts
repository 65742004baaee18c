import "./style/page.css";
import "./style/theme.ts";
import { createApp } from "vue";
import { App } from "./app.tsx";
import { i18n } from "./messages/index.ts";
import { router } from "./router.ts";

createApp(App).use(i18n).use(router).mount("#app");
