import { Type } from "@sinclair/typebox";
import { elsewhere, oneOf, text, texts } from "./words.js";

const version = (pattern: string, description: string, expected: string) =>
  Type.String({ pattern, description, expected });

const keys = {
  node_version: elsewhere(oneOf(["20", "22", "24"], "Node.js of the image.")),
  node_loader: elsewhere(text("What loads TypeScript in the official `dev` command; here a bundler does.")),
  python_version: elsewhere(
    version("^3\\.(1[1-9]|[2-9]\\d)$", "Python of the image.", 'a version like "3.12", at least "3.11"'),
  ),
  dependencies: elsewhere(texts("Python packages and folders of the image.")),
  dockerfile_lines: elsewhere(texts("Lines that are put after `FROM`.")),
  docker_compose_file: elsewhere(text("A compose file that is added to `up`.")),
  api_version: elsewhere(
    version(
      "^(~=|>~=)?\\d+(\\.\\d+){0,2}([-.]?[a-z]+\\.?\\d*)?$",
      "Version of the official server.",
      'a version like "0.5" or "1.2.3"',
    ),
  ),
  base_image: elsewhere(text("Image that is built upon.")),
  image_distro: elsewhere(oneOf(["debian", "wolfi", "bookworm"], "Linux of the image.")),
  pip_config_file: elsewhere(text("Configuration of pip.")),
  pip_installer: elsewhere(oneOf(["auto", "pip", "uv"], "What installs Python packages.")),
  keep_pkg_tools: elsewhere(
    Type.Union([Type.Boolean(), Type.Array(Type.String())], {
      description: "Package tools that stay in the image.",
      expected: 'true, false or a list like ["pip"]',
    }),
  ),
  source: elsewhere(
    Type.Object(
      {
        kind: oneOf(["uv"], "How the source is organised."),
        root: Type.Optional(text("Its folder.")),
        package: Type.Optional(text("Its package.")),
      },
      { description: "Where a Python project's source is.", expected: '{"kind": "uv", "root": "."}' },
    ),
  ),
  _INTERNAL_docker_tag: elsewhere(text("Tag of the official image.")),
};

/** Keys for those who build images, and for Python: checked for their form and left alone. */
export const imageKeys = Type.Partial(Type.Object(keys)).properties;
