"""Settings of `make lab`: kernels speak encrypted, and nothing is fetched from outside."""

c = get_config()  # noqa: F821  (JupyterLab gives it)
c.KernelManager.transport_encryption = "required"
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.news_url = None
c.LabApp.extension_manager = "readonly"
c.ServerApp.ip = "127.0.0.1"
