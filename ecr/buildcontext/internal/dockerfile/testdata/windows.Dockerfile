# escape=`
FROM mcr.microsoft.com/windows/nanoserver:ltsc2022 `
  AS base
COPY testfile.txt c:\
RUN dir c:\
FROM base
USER ContainerAdministrator
