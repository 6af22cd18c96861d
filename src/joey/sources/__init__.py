"""Where signals come from: nothing outside this folder knows a format or a vendor."""
