"""Devices that need not be there: what to compile for."""

from __future__ import annotations

import jax
from jax.experimental import topologies

H100 = """
gpu_device_info {
  cuda_compute_capability { major: 9 }
  core_count: 132
  fpus_per_core: 128
  threads_per_warp: 32
  threads_per_block_limit: 1024
  threads_per_core_limit: 2048
  shared_memory_per_block: 49152
  shared_memory_per_block_optin: 232448
  shared_memory_per_core: 233472
  registers_per_block_limit: 65536
  registers_per_core_limit: 65536
  block_dim_limit_x: 2147483647
  block_dim_limit_y: 65535
  block_dim_limit_z: 65535
  memory_bandwidth: 3352320000000
  l2_cache_size: 52428800
  clock_rate_ghz: 1.98
  device_memory_size: 84942979072
}
platform_name: "CUDA"
dnn_version_info { major: 9 minor: 10 }
device_description_str: "NVIDIA H100 80GB HBM3"
"""


def devices_of(backend: str) -> list[jax.Device]:
    """Return four devices of the backend, there or not."""
    if backend == "cpu":
        return jax.devices()
    if backend == "tpu":
        topology = topologies.get_topology_desc("v5e:2x2", platform="tpu")
    else:
        options = {"target_config": H100, "topology": "1x1x4"}
        topology = topologies.get_topology_desc("h100", platform="cuda", **options)
    return list(topology.devices)
