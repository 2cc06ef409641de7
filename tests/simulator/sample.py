"""Ids in the sample world, and the hosts and paths that tests call."""

MEI = "2300410071"
MEI_BERLIN = "6400520082"
JUN = "2300630093"
GRANDMA = "2300740104"

FRONT_DOOR = "1051000101"
GRANDMAS_HALL = "1074000401"

ACCOUNT = "account.xiaomi.com"
STS = "sts.api.io.mi.com"
API = "api.io.mi.com"
CAMERA = "business.smartcamera.api.io.mi.com"

VIP_STATUS = "/miot/camera/app/v1/vip/status"
COMMON_STATUS = "/common/app/vip/status"
CLOUD_SUPPORT = "/miot/camera/app/v1/vip/cloud/support"
DEDUCT_ORDERS = "/miot/camera/app/v1/vip/deductOrders"
CAPACITY = "/miot/camera/app/v1/capacity"
CLOUD_SWITCH = "/miot/camera/app/v1/get/cloudSwitch"

HOMES_MERGED = "/app/v2/homeroom/gethome_merged"
HOMES = "/app/v2/homeroom/gethome"
HOME_DEVICES = "/app/v2/home/home_device_list"
DEVICES = "/app/home/device_list"
DEVICE_PAGE = "/app/v2/home/device_list_page"
