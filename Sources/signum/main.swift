print("signum")
