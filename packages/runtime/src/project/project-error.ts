/** The project cannot be served as it is written. The message says where, what is wrong and how to mend it. */
export class ProjectError extends Error {
  override readonly name = "ProjectError";
}
