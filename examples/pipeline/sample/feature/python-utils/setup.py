from setuptools import setup

setup(name="automation-utils", version="1.5.0",
      packages=["automation_utils"], python_requires=">=3.11")
