"""The demo's page on which one plays an employee, and the process that serves the simulators."""
