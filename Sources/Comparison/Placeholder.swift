import Plots
import RunLog
