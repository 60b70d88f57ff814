/** The roles of controllers, nodes and approvers, which every cluster has, and of OpenShift. */
export const SYSTEM_ROLE =
  /^system:(?:controller:.+|kube-controller-manager|node|kubelet-api-admin|aggregate-to-(?:admin|edit)|certificates\.k8s\.io:.+|openshift:(?:controller:.+|scc:(?:privileged|host.*|node-exporter)))$/;

/** The roles that give all or most permissions. */
export const PRIVILEGED_ROLE = new RegExp(`^(?:cluster-admin|admin|edit)$|${SYSTEM_ROLE.source}`);
