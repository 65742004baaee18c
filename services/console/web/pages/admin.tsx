import "../style/admin.css";
import { defineComponent, ref } from "vue";
import { AuditRoom } from "../admin/audit.tsx";
import { KeysRoom } from "../admin/keys.tsx";
import { RegistryRoom } from "../admin/registry.tsx";
import { t } from "../messages/index.ts";

export default defineComponent(() => {
  /** Counts the changes of keys, which the log tells of. */
  const changes = ref(0);
  return () => (
    <>
      <div class="head">
        <h1>{t("admin.title")}</h1>
      </div>
      <div class="admin">
        <KeysRoom
          onChanged={() => {
            changes.value += 1;
          }}
        />
        <AuditRoom changes={changes.value} />
        <RegistryRoom />
      </div>
    </>
  );
});
