print('ring')
