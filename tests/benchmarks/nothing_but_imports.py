"""What a command of spikeheb cannot do without: import typer, xarray and matplotlib, write an empty NetCDF file and an empty PNG."""

import sys
from pathlib import Path

import typer  # noqa: F401
import xarray as xr
from matplotlib.figure import Figure

folder = Path(sys.argv[1])
xr.Dataset().to_netcdf(folder / "empty.nc", engine="h5netcdf")
Figure().savefig(folder / "empty.png")
