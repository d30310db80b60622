// Renders the chart with every values file in helm/graphfleet/ci and looks at what Kubernetes would get.
// Needs the helm binary (on PATH, or named by HELM); says so and skips without it. Run: node --test tests/helm/render.test.mjs
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "node:test";

const chart = fileURLToPath(new URL("../../helm/graphfleet", import.meta.url));
const helm = process.env.HELM ?? "helm";
const found = spawnSync(helm, ["version", "--short"]).status === 0;
const skip = found ? false : "SKIPPED: no helm binary. The chart was NOT checked. Install helm or set HELM.";
if (!found) console.error(`\n!!! ${skip}\n`);

const run = (...args) => spawnSync(helm, args, { encoding: "utf8" });

/** Kind and name to the text of the document. */
function render(...args) {
  const { status, stdout, stderr } = run("template", "rel", chart, "--kube-version", "1.31.0", ...args);
  assert.equal(status, 0, stderr);
  const documents = new Map();
  for (const text of stdout.split(/^---$/m)) {
    const kind = /^kind: (\S+)$/m.exec(text)?.[1];
    const name = /^ {2}name: (\S+)$/m.exec(text)?.[1];
    if (kind !== undefined) documents.set(`${kind}/${name}`, text);
  }
  return documents;
}

const valuesFiles = readdirSync(`${chart}/ci`).map((name) => `${chart}/ci/${name}`);
const ci = (name) => ["--values", `${chart}/ci/${name}-values.yaml`];

test("the chart lints strictly with each values file", { skip }, () => {
  for (const file of [`${chart}/values.yaml`, ...valuesFiles]) {
    const { status, stdout } = run("lint", "--strict", chart, "--values", file);
    assert.equal(status, 0, stdout);
  }
});

test("by default: two deployments of two, one scheduler, a migrate hook, no secret of its own", { skip }, () => {
  const documents = render();

  assert.deepEqual([...documents.keys()].toSorted(), [
    "ConfigMap/rel-graphfleet",
    "Deployment/rel-graphfleet-api",
    "Deployment/rel-graphfleet-scheduler",
    "Deployment/rel-graphfleet-worker",
    "Job/rel-graphfleet-migrate",
    "PodDisruptionBudget/rel-graphfleet-api",
    "PodDisruptionBudget/rel-graphfleet-worker",
    "Service/rel-graphfleet-api",
    "ServiceAccount/rel-graphfleet",
  ]);
  assert.match(documents.get("Job/rel-graphfleet-migrate"), /helm\.sh\/hook: pre-install,pre-upgrade/);
});

test("the migrate hook leans on nothing that is created after it", { skip }, () => {
  const job = render().get("Job/rel-graphfleet-migrate");

  assert.doesNotMatch(job, /configMapRef|serviceAccountName/);
});

test("every process gets its databases from the named secrets", { skip }, () => {
  const documents = render("--set", "database.secretName=pg,database.secretKey=dsn,redis.secretName=cache");

  for (const name of ["api", "worker", "scheduler"]) {
    const text = documents.get(`Deployment/rel-graphfleet-${name}`);
    assert.match(text, /- name: DATABASE_URI\n\s+valueFrom:\n\s+secretKeyRef:\n\s+name: pg\n\s+key: dsn\n/);
    assert.match(text, /- name: REDIS_URI\n\s+valueFrom:\n\s+secretKeyRef:\n\s+name: cache\n\s+key: uri\n/);
  }
});

test("a worker's pod outlives its grace by thirty seconds", { skip }, () => {
  const worker = render(...ci("everything")).get("Deployment/rel-graphfleet-worker");

  assert.match(worker, /terminationGracePeriodSeconds: 630\n/);
  assert.match(worker, /- name: BG_JOB_SHUTDOWN_GRACE_PERIOD_SECS\n\s+value: "600"\n/);
});

test("an API pod serves on, drains for ten seconds and has thirty more", { skip }, () => {
  const api = render("--set", "api.preStopSeconds=15").get("Deployment/rel-graphfleet-api");

  assert.match(api, /command: \["sleep", "15"\]/);
  assert.match(api, /terminationGracePeriodSeconds: 55\n/);
});

test("every process is probed on /ok", { skip }, () => {
  const documents = render();

  for (const name of ["api", "worker", "scheduler"]) {
    const probes = documents.get(`Deployment/rel-graphfleet-${name}`).match(/httpGet: \{ path: \/ok, port: http \}/g);
    assert.equal(probes?.length, 3, name);
  }
});

test("an autoscaler owns the number of pods", { skip }, () => {
  const scaled = render(...ci("everything"));
  const keda = render(...ci("keda"));

  assert.doesNotMatch(scaled.get("Deployment/rel-graphfleet-api"), /^ {2}replicas:/m);
  assert.doesNotMatch(scaled.get("Deployment/rel-graphfleet-worker"), /^ {2}replicas:/m);
  assert.ok(scaled.has("HorizontalPodAutoscaler/rel-graphfleet-api"));
  assert.ok(scaled.has("HorizontalPodAutoscaler/rel-graphfleet-worker"));
  assert.doesNotMatch(keda.get("Deployment/rel-graphfleet-worker"), /^ {2}replicas:/m);
  assert.match(keda.get("ScaledObject/rel-graphfleet-worker"), /NOT EXISTS/);
  assert.ok(keda.has("TriggerAuthentication/rel-graphfleet-worker"));
});

test("large numbers keep their digits in variables", { skip }, () => {
  const documents = render(
    "--set",
    "config.env.HTTP_MAX_REQUEST_BODY_BYTES=104857600,worker.runTimeoutSeconds=8640000",
  );

  assert.match(documents.get("ConfigMap/rel-graphfleet"), /HTTP_MAX_REQUEST_BODY_BYTES: "104857600"/);
  assert.match(documents.get("Deployment/rel-graphfleet-worker"), /value: "8640000"/);
});

test("what is switched off is absent", { skip }, () => {
  const documents = render(...ci("bare"));

  const kinds = new Set([...documents.keys()].map((key) => key.split("/")[0]));
  for (const kind of ["Job", "ServiceAccount", "PodDisruptionBudget", "Ingress"]) assert.ok(!kinds.has(kind), kind);
  assert.match(documents.get("Deployment/fleet-api"), /serviceAccountName: agents\n/);
  assert.match(documents.get("NetworkPolicy/fleet-worker"), /ingress: \[\]/);
});

test("a misspelt or impossible value is refused", { skip }, () => {
  for (const wrong of [
    "api.replica=3",
    "worker.autoscaling.mode=magic",
    "worker.shutdownGraceSeconds=-1",
    "redis.secretName=",
  ]) {
    const { status } = run("template", "rel", chart, "--kube-version", "1.31.0", "--set", wrong);
    assert.notEqual(status, 0, wrong);
  }
});

test("keys of encryption reach every process, from a secret", { skip }, () => {
  const documents = render(...ci("everything"));
  for (const name of ["api", "worker", "scheduler"]) {
    assert.match(documents.get(`Deployment/rel-graphfleet-${name}`), /secretRef: \{ name: agents-encryption \}/);
  }
  assert.doesNotMatch(render().get("Deployment/rel-graphfleet-api"), /secretRef: \{/);
});

test("API keys are a file in the API alone, which follows its secret", { skip }, () => {
  const documents = render("--set", "apiKeys.secretName=who-may-come-in");
  const api = documents.get("Deployment/rel-graphfleet-api");
  assert.match(api, /name: GRAPHFLEET_API_KEYS_FILE\n\s+value: \/var\/run\/graphfleet\/keys$/m);
  assert.match(api, /\{ name: api-keys, mountPath: \/var\/run\/graphfleet, readOnly: true \}/);
  assert.match(api, /secret: \{ secretName: who-may-come-in \}/);
  assert.doesNotMatch(documents.get("Deployment/rel-graphfleet-worker"), /api-keys/);
  assert.doesNotMatch(render().get("Deployment/rel-graphfleet-api"), /api-keys/);
});

test("workers find the API, and webhooks go where the values say", { skip }, () => {
  const hooks = "webhooks.secretName=hook-keys,webhooks.allowedNetworks=10.0.0.0/8";
  const peers = "networkPolicy.enabled=true,networkPolicy.apiFrom[0].podSelector.matchLabels.app=web";
  const documents = render("--set", hooks, "--set", peers);
  const worker = documents.get("Deployment/rel-graphfleet-worker");

  assert.match(worker, /name: LANGGRAPH_API_URL\n\s+value: "http:\/\/rel-graphfleet-api:80"/);
  assert.match(worker, /secretRef: \{ name: hook-keys \}/);
  for (const text of [worker, documents.get("Deployment/rel-graphfleet-api")])
    assert.match(text, /name: WEBHOOK_ALLOWED_NETWORKS\n\s+value: "10\.0\.0\.0\/8"/);
  assert.match(documents.get("NetworkPolicy/rel-graphfleet-api"), /app\.kubernetes\.io\/component: worker/);
});
